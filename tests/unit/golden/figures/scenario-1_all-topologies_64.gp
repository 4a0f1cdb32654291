# Created by vrbench. To redraw the figure after a change, run in this folder:
#     gnuplot THIS-FILE
reset session
set encoding utf8
set datafile separator tab
set datafile missing NaN
set title 'scenario-1 (netns, packet): all topologies, 64-byte packets' noenhanced
set border 3 lw 1
set tics nomirror out
set grid lc rgb '#C4C4C4' lw 0.6
set key outside bottom center horizontal height 1 noenhanced
unit = 1. # divisor of rates
set xlabel 'Transmitted (packets/s)'
set xrange [0:*]
set ylabel 'Received (packets/s)'
set yrange [0:*]
set terminal svg size 900,575 dynamic font 'sans-serif,13' background rgb '#FFFFFF'
set output 'scenario-1_all-topologies_64.svg'
plot 'scenario-1_direct_64.dat' index 0 using ($2/unit):($3/unit) with linespoints lc rgb '#0072B2' dt 1 lw 2 pt 7 ps 0.8 title 'direct', \
     'scenario-1_bridged_64.dat' index 0 using ($2/unit):($3/unit) with linespoints lc rgb '#D55E00' dt 2 lw 2 pt 5 ps 0.8 title 'bridged', \
     x with lines lc rgb '#777777' dt 3 lw 1.4 title 'no loss'
set output 'scenario-1_all-topologies_64.png'
set terminal pngcairo size 1800,1150 font 'Sans,24' linewidth 2 pointscale 2 background rgb '#FFFFFF'
replot
set output 'scenario-1_all-topologies_64.pdf'
set terminal pdfcairo size 18cm,11.5cm font 'Sans,10' fontscale 0.75
replot
unset output
