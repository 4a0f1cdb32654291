# Created by vrbench. To redraw the figure after a change, run in this folder:
#     gnuplot THIS-FILE
reset session
set encoding utf8
set datafile separator tab
set datafile missing NaN
set title 'scenario-2 (netns, packet): dedicated, 1500-byte packets — one-way delay' noenhanced
set border 3 lw 1
set tics nomirror out
set grid lc rgb '#C4C4C4' lw 0.6
set key outside bottom center horizontal height 1 noenhanced
data = 'scenario-2_dedicated_1500.dat'
unit = 1. # divisor of rates
set xlabel 'Transmitted per network (packets/s)'
set xrange [0:*]
set ylabel 'One-way delay (µs)'
set logscale y
set terminal svg size 900,575 dynamic font 'sans-serif,13' background rgb '#FFFFFF'
set output 'scenario-2_dedicated_1500_delay.svg'
plot data index 0 using ($5/unit):($11) with linespoints lc rgb '#0072B2' dt 1 lw 2 pt 7 ps 0.8 title 'NET0 median', \
     data index 0 using ($5/unit):($13) with linespoints lc rgb '#0072B2' dt 2 lw 2 pt 5 ps 0.8 title 'NET0 99th percentile', \
     data index 0 using ($6/unit):($12) with linespoints lc rgb '#D55E00' dt 3 lw 2 pt 9 ps 0.8 title 'NET1 median', \
     data index 0 using ($6/unit):($14) with linespoints lc rgb '#D55E00' dt 4 lw 2 pt 13 ps 0.8 title 'NET1 99th percentile'
set output 'scenario-2_dedicated_1500_delay.png'
set terminal pngcairo size 1800,1150 font 'Sans,24' linewidth 2 pointscale 2 background rgb '#FFFFFF'
replot
set output 'scenario-2_dedicated_1500_delay.pdf'
set terminal pdfcairo size 18cm,11.5cm font 'Sans,10' fontscale 0.75
replot
unset output
