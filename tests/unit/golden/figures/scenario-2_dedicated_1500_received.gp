# Created by vrbench. To redraw the figure after a change, run in this folder:
#     gnuplot THIS-FILE
reset session
set encoding utf8
set datafile separator tab
set datafile missing NaN
set title 'scenario-2 (netns, packet): dedicated, 1500-byte packets — received against transmitted packets' noenhanced
set border 3 lw 1
set tics nomirror out
set grid lc rgb '#C4C4C4' lw 0.6
set key outside bottom center horizontal height 1 noenhanced
data = 'scenario-2_dedicated_1500.dat'
unit = 1. # divisor of rates
set xlabel 'Transmitted per network (packets/s)'
set xrange [0:*]
set ylabel 'Received per network (packets/s)'
set yrange [0:*]
set terminal svg size 900,575 dynamic font 'sans-serif,13' background rgb '#FFFFFF'
set output 'scenario-2_dedicated_1500_received.svg'
plot data index 0 using ($5/unit):($7/unit) with linespoints lc rgb '#0072B2' dt 1 lw 2 pt 7 ps 0.8 title 'NET0 received', \
     data index 0 using ($6/unit):($8/unit) with linespoints lc rgb '#D55E00' dt 2 lw 2 pt 5 ps 0.8 title 'NET1 received', \
     x with lines lc rgb '#777777' dt 3 lw 1.4 title 'no loss'
set output 'scenario-2_dedicated_1500_received.png'
set terminal pngcairo size 1800,1150 font 'Sans,24' linewidth 2 pointscale 2 background rgb '#FFFFFF'
replot
set output 'scenario-2_dedicated_1500_received.pdf'
set terminal pdfcairo size 18cm,11.5cm font 'Sans,10' fontscale 0.75
replot
unset output
